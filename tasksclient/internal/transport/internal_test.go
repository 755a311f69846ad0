package transport

import (
	"net/http"
	"testing"
	"time"
)

func TestTheDefaultTransportPingsUnlessItDoesSoAlready(t *testing.T) {
	t.Parallel()
	given := &http.Transport{}
	got := withPing(given)
	if got.HTTP2.SendPingTimeout != 10*time.Second || got.HTTP2.PingTimeout != 5*time.Second || (given.HTTP2 != nil && given.HTTP2.SendPingTimeout != 0) {
		t.Errorf("%+v, from %+v", got.HTTP2, given.HTTP2)
	}
	given.HTTP2 = &http.HTTP2Config{SendPingTimeout: time.Minute, PingTimeout: time.Second}
	if got := withPing(given); got.HTTP2.SendPingTimeout != time.Minute || got.HTTP2.PingTimeout != time.Second {
		t.Errorf("%+v, from %+v", got.HTTP2, given.HTTP2)
	}
	if standardTransport == nil || current(nil) != http.RoundTripper(pinging()) || http.DefaultTransport == http.RoundTripper(pinging()) {
		t.Error("the default transport is not the one that pings")
	}
}
