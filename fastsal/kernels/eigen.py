"""Eigenvectors of small symmetric matrices: plain functions, which either backend compiles."""

import math

SWEEPS = 8  # of Jacobi's rotations; three variables converge in five
NEGLIGIBLE = 1e-20  # fraction of the variances below which a covariance counts as 0


def diagonalise(matrix, vectors):
    """Make `matrix`, (3, 3) and symmetric, diagonal; column k of `vectors` is its eigenvector.

    Jacobi's cyclic rotations (Golub and Van Loan, section 8.5). They do not change diagonal
    matrices, so equal variances without covariance keep the axes of the planes.
    """
    for i in range(3):
        for j in range(3):
            vectors[i, j] = 1.0 if i == j else 0.0
    for _ in range(SWEEPS):
        for p in range(2):
            for q in range(p + 1, 3):
                if abs(matrix[p, q]) <= NEGLIGIBLE * (abs(matrix[p, p]) + abs(matrix[q, q])):
                    continue  # the square of the ratio could overflow
                ratio = (matrix[q, q] - matrix[p, p]) / (2 * matrix[p, q])
                tangent = 1 / (abs(ratio) + math.sqrt(ratio * ratio + 1))
                if ratio < 0:
                    tangent = -tangent
                cosine = 1 / math.sqrt(tangent * tangent + 1)
                sine = tangent * cosine
                for i in range(3):
                    first, second = matrix[i, p], matrix[i, q]
                    matrix[i, p] = cosine * first - sine * second
                    matrix[i, q] = sine * first + cosine * second
                for i in range(3):
                    first, second = matrix[p, i], matrix[q, i]
                    matrix[p, i] = cosine * first - sine * second
                    matrix[q, i] = sine * first + cosine * second
                    first, second = vectors[i, p], vectors[i, q]
                    vectors[i, p] = cosine * first - sine * second
                    vectors[i, q] = sine * first + cosine * second
                matrix[p, q] = matrix[q, p] = 0.0
