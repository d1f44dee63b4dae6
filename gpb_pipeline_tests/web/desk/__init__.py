"""The instructor's desk: its forms over real HTTP, its windows in a browser, a whole day of a teacher."""
