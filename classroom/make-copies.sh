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
cd class
done=
for folder in source/"$(printf %s "${LESSON:+0}${LESSON:-}")"*; do
  [ -d "$folder" ] || { echo "make $kind: there is no lesson ${LESSON:-}" >&2; exit 1; }
  lesson=${folder#source/}
  "$nbgrader" generate_assignment --force --log-level=WARN "$lesson"
  [ "$kind" = student ] || "$nbgrader" generate_solution --force --log-level=WARN --CourseDirectory.source_directory=source-instructor "$lesson"
  done="$done $lesson"
done
echo "class/$kind:$done"
