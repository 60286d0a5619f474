# make student, make instructor: the lessons in class/student, to hand out, or in class/instructor, with the solutions and the
# notes of classroom/notes. nbgrader makes both from what the lessons program prepares. LESSON=1 makes those of one lesson.
set -eu
kind=$1
lessons=.venv/bin/lessons nbgrader=$PWD/.venv-classroom/bin/nbgrader
mkdir -p class
ln -sf ../classroom/nbgrader_config.py class/nbgrader_config.py
# The teacher's copy needs the assignment in nbgrader's data base, which the student's copy has put there.
$lessons student class/source
[ "$kind" = student ] || $lessons instructor class/source-instructor
made=
for notebook in notebooks/"${LESSON:+0$LESSON-}"*.ipynb; do
  [ -f "$notebook" ] || { echo "make $kind: there is no lesson $LESSON" >&2; exit 1; }
  lesson=$(basename "$notebook" .ipynb)
  cd class
  "$nbgrader" generate_assignment --force --log-level=ERROR "$lesson"
  [ "$kind" = student ] || "$nbgrader" generate_solution --force --log-level=ERROR --CourseDirectory.source_directory=source-instructor "$lesson"
  cd ..
  made="$made $lesson"
done
echo "class/$kind:$made"
