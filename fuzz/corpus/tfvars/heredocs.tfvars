a = <<EOT
  x
EOT
b = <<-E
    y
  E
