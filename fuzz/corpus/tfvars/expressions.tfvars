a = "${b}"
c = f(1)
d = [for x in y : x]
e = g ? 1 : 2
