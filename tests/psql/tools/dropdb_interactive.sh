# The question before.
createdb x4
echo n | setsid -w dropdb -ie x4
printf 'z\ny\n' | setsid -w dropdb -ie x4
