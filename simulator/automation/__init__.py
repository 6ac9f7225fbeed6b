"""What an administrator sets up so that events leave: data actions, workflows, triggers."""
