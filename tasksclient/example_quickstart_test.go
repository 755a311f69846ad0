package tasksclient_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient"
)

// The shortest useful program: wait for two tasks and print what was found.
func Example_quickstart() {
	defer serveSamples()() // the fake API, in the variables that NewFromEnv reads

	client, err := tasksclient.NewFromEnv() // reads DEEPOMATIC_API_KEY
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for r := range client.WaitEach(ctx, []string{"269999729", "269999730"}) {
		if r.Err != nil {
			log.Println(r.ID, r.Err)
			continue
		}
		result, err := tasksclient.Decode[gen.InferenceResult](r.Task)
		if err != nil {
			log.Println(r.ID, err)
			continue
		}
		for _, output := range result.Outputs {
			for _, label := range output.Labels.Predicted {
				fmt.Println(r.ID, label.LabelName, label.Score)
			}
		}
	}
	// Unordered output:
	// 269999729 golden retriever 0.952849746
	// 269999730 golden retriever 0.952849746
}
