print("fleetscore")
