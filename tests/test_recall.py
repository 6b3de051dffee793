import pytest

from benchmarks import recall


@pytest.mark.parametrize("inside", [(), ("images",), ("images", "boxes")])
def test_a_folder_without_photographs_is_one_line(inside, tmp_path, capsys):
    folder = tmp_path / "photographs"
    for name in inside:
        (folder / name).mkdir(parents=True)

    with pytest.raises(SystemExit) as stop:
        recall.main([str(folder)])

    assert stop.value.code == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert str(folder) in err
