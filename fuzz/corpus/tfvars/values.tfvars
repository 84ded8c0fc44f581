a = "x"
b = 2
c = ["1", true, null]
d = { e = -1.5, "f g" : {} }
