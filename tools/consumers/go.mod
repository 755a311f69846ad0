module github.com/deepomatic/tasks/tools/consumers

go 1.26.0

replace github.com/deepomatic/tasks => ../..

require (
	github.com/deepomatic/tasks v0.0.0
	github.com/yuin/goldmark v1.8.2
	golang.org/x/mod v0.38.0
)

require (
	github.com/apapsch/go-jsonmerge/v2 v2.0.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/oapi-codegen/runtime v1.8.0 // indirect
)
