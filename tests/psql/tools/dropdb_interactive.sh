# The question before.
# server: reference
createdb x4
echo n | setsid -w dropdb -ie x4
printf 'z\ny\n' | setsid -w dropdb -ie x4
