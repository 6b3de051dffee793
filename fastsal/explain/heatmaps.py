def grad_cam():0
def element_scores():0
def heatmap():0
def occlusion():0
