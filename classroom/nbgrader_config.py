# nbgrader for the lessons. make student and make instructor put a link to this file into class/, the folder of the course:
#
#   class/source/LESSON         what the lessons program has prepared         class/submitted/STUDENT/LESSON   put them here
#   class/student/LESSON        to hand out                                   class/autograded, class/feedback by nbgrader
#   class/instructor/LESSON     for the teacher                               class/gradebook.db               the points
#
# Each folder below autograded/ gets the models of its lesson, 96 MB in lesson 2: once the points are given, the folders named
# checkpoints may go. All of nbgrader's commands work in class/, and need no network: ../.venv-classroom/bin/nbgrader autograde 01-linear-autoencoder
import os
import sys
import warnings

c = get_config()  # noqa: F821 (nbgrader defines it)

root = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
c.CourseDirectory.course_id = "autoencoders"
c.CourseDirectory.release_directory = "student"
c.CourseDirectory.solution_directory = "instructor"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "checkpoints", "*.previous"]

# What stands in the place of a solution; package exercise and classroom/copies know the same line.
c.ClearSolutions.code_stub = {"go": 'panic("not written yet")'}

# The teacher's copy keeps the outputs that the lesson has: it is read before the class, and need not be run for that.
c.GenerateSolution.preprocessors = ["nbgrader.preprocessors." + name for name in ("IncludeHeaderFooter", "LockCells", "ClearMarkScheme")]

# The kernel is the set-up's. A check that finds an exercise untouched fails its cell here. Networks that make pretrain has
# trained are not trained again for each student.
os.environ["JUPYTER_PATH"] = os.path.join(root, ".venv", "share", "jupyter")
os.environ["AUTOENCODERS_GRADING"] = "1"
pretrained = os.path.join(root, ".cache", "pretrained")
os.environ.setdefault("AUTOENCODERS_PRETRAINED", pretrained if os.path.isdir(pretrained) else "1")
os.environ["PATH"] = os.path.join(sys.prefix, "bin") + os.pathsep + os.environ.get("PATH", os.defpath)  # nbgrader starts its alembic
c.Execute.timeout = 30 * 60  # the longest training, on a machine that does something else as well
c.Execute.startup_timeout = 120
warnings.filterwarnings("ignore", module="nbgrader")  # of its own use of its data base
