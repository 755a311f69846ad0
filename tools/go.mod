module github.com/deepomatic/tasks/tools

go 1.26

require golang.org/x/mod v0.38.0
