module github.com/deepomatic/tasks/tools/scale

go 1.26.0

require github.com/deepomatic/tasks v0.0.0

require (
	github.com/apapsch/go-jsonmerge/v2 v2.0.0 // indirect
	github.com/cenkalti/backoff/v5 v5.0.3 // indirect
	github.com/go-json-experiment/json v1.27.2 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/oapi-codegen/runtime v1.8.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)

replace github.com/deepomatic/tasks => ../..
