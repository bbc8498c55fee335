print("writers")
