"""The face of Classroom: the JSON API for Joinery and the pages for people. Decides nothing about learning."""
