// Sklearn
