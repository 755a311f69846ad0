package taskstest

// Published returns the tasks of the vendor's published page: two finished
// classifications, 269999729 and 269999730, with the data that the page shows.
// Set their Pending to make them pending first.
func Published() []Task {
	const (
		prediction = `{"threshold":0.025,"label_id":207,"score":0.952849746,"label_name":"golden retriever"}`
		data       = `{"outputs":[{"labels":{"predicted":[` + prediction + `],"discarded":[]}}]}`
	)
	return []Task{{ID: "269999729", Data: data}, {ID: "269999730", Data: data}}
}
