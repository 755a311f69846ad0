package main

import (
	"net"
	"os"
	"testing"
)

func TestServePrintsAnAddressThatWorks(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Skip("this machine has no name:", err)
	}
	for listens, want := range map[string]address{
		"127.0.0.1": {url: "http://127.0.0.1:8642"},
		"::1":       {url: "http://[::1]:8642"},
		"192.0.2.1": {url: "http://192.0.2.1:8642", insecure: true},
		"0.0.0.0":   {url: "http://127.0.0.1:8642", elsewhere: "http://" + host + ":8642"},
		"::":        {url: "http://127.0.0.1:8642", elsewhere: "http://" + host + ":8642"},
	} {
		if got := reachable(&net.TCPAddr{IP: net.ParseIP(listens), Port: 8642}); got != want {
			t.Errorf("%s: %+v, want %+v", listens, got, want)
		}
	}
}
