package main

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// collector asks the fleet and the client when Prometheus asks it.
type collector struct{ store store }

var (
	tasks    = prometheus.NewDesc("deepotasks_tasks", "Ids of the whole fleet, by where they stand.", []string{"state"}, nil)
	oldest   = prometheus.NewDesc("deepotasks_oldest_pending_seconds", "How long ago the oldest id was enqueued that is pending.", nil, nil)
	workers  = prometheus.NewDesc("deepotasks_workers", "Workers that live.", nil, nil)
	requests = prometheus.NewDesc("deepotasks_requests_total", "Requests of this worker, by how they ended.", []string{"outcome"}, nil)
	pauses   = prometheus.NewDesc("deepotasks_pauses_total", "How often a 429 paused this worker.", nil, nil)
	waiting  = prometheus.NewDesc("deepotasks_waiting", "Ids that this worker waits for.", nil, nil)
	typical  = prometheus.NewDesc("deepotasks_task_seconds", "How long a task takes, as this worker has learned it.", nil, nil)
	healthy  = prometheus.NewDesc("deepotasks_healthy", "1 if this worker can ask the API and the database.", nil, nil)

	descriptions = []*prometheus.Desc{tasks, oldest, workers, requests, pauses, waiting, typical, healthy}
)

func metrics(st store) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector{st})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range descriptions {
		ch <- d
	}
}

func (c collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	if s, err := c.store.Status(ctx); err == nil { // without the database, the others are told
		for state, n := range map[string]int{"pending": s.Pending, "running": s.Running, "succeeded": s.Succeeded, "failed": s.Failed, "unhandled": s.Unhandled} {
			gauge(tasks, float64(n), state)
		}
		gauge(oldest, s.OldestPending.Seconds())
		gauge(workers, float64(s.Workers))
	}
	asked := c.store.Requests()
	counter(requests, asked.Succeeded, "succeeded")
	counter(requests, asked.Failed, "failed")
	counter(pauses, asked.Pauses)
	gauge(waiting, float64(asked.Pending))
	gauge(typical, asked.Typical.Seconds())
	if c.store.Health() == nil {
		gauge(healthy, 1)
	} else {
		gauge(healthy, 0)
	}
}
