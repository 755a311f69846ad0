package contract

import (
	"net/http"
	"strings"
)

// asked is the query of the recorded page.
const asked = "task_ids=269999729&task_ids=269999730"

// noise is what stands between programs and the API, and which headers it
// adds. None of them is the contract's business. The names and values are
// those of the products' own documentation.
var noise = map[string]string{
	"Cloudflare":               "CF-RAY: 8f3d1a2b4c5d6e7f-CDG\nCF-Cache-Status: DYNAMIC\nServer: cloudflare\nReport-To: {}\nNEL: {}\nalt-svc: h3=\":443\"; ma=86400\nCf-Mitigated: challenge",
	"an AWS gateway":           "x-amzn-RequestId: 1\nx-amz-apigw-id: a=\nX-Amzn-Trace-Id: Root=1-5759e988\nx-amzn-Remapped-Content-Length: 3\nx-amz-cf-pop: CDG50-P1\nx-amz-cf-id: b\nX-Cache: Miss from cloudfront",
	"an Azure gateway":         "x-ms-request-id: 1\nx-ms-version: 2020\nRequest-Context: appId=cid-v1:2\nx-azure-ref: 2018\nx-ms-middleware-request-id: 3\nOcp-Apim-Trace-Location: https://a.test/",
	"Google's front end":       "X-Cloud-Trace-Context: 1\nVia: 1.1 google\nServer: Google Frontend\nX-GFE-Request-Trace: a",
	"Fastly":                   "X-Served-By: cache-cdg-1\nX-Cache: MISS\nX-Cache-Hits: 0\nX-Timer: S1,VS0,VE91\nFastly-Restarts: 0\nSurrogate-Key: a b\nSurrogate-Control: max-age=1",
	"Akamai":                   "X-Akamai-Request-ID: 1\nAkamai-GRN: 0.1\nX-Check-Cacheable: NO\nServer-Timing: cdn-cache; desc=MISS",
	"Kong":                     "X-Kong-Upstream-Latency: 4\nX-Kong-Proxy-Latency: 1\nX-Kong-Request-Id: 1\nVia: kong/3.4.0\nX-RateLimit-Limit-Minute: 60\nX-RateLimit-Remaining-Minute: 59",
	"Envoy":                    "x-envoy-upstream-service-time: 7\nserver: istio-envoy\nx-envoy-attempt-count: 1\nx-envoy-decorator-operation: tasks",
	"Traefik and HAProxy":      "X-Forwarded-Server: a\nX-Haproxy-Server-State: UP\nX-Backend: b1",
	"nginx":                    "Server: nginx/1.27\nX-Accel-Buffering: no\nX-Nginx-Cache: BYPASS",
	"Varnish":                  "X-Varnish: 32770\nAge: 0\nVia: 1.1 varnish (Varnish/7.4)\nAccept-Ranges: bytes",
	"OWASP's headers":          "Strict-Transport-Security: max-age=1\nX-Frame-Options: deny\nX-Content-Type-Options: nosniff\nContent-Security-Policy: default-src 'self'\nX-Permitted-Cross-Domain-Policies: none\nReferrer-Policy: no-referrer\nClear-Site-Data: \"cache\"\nCross-Origin-Embedder-Policy: require-corp\nCross-Origin-Opener-Policy: same-origin\nCross-Origin-Resource-Policy: same-origin\nPermissions-Policy: camera=()\nX-DNS-Prefetch-Control: off",
	"RFC 9209":                 "Proxy-Status: r34.example.net; error=http_request_error",
	"RFC 9211":                 "Cache-Status: ExampleCache; hit; ttl=376",
	"RFC 9530":                 "Content-Digest: sha-256=:a=:\nRepr-Digest: sha-256=:a=:\nWant-Content-Digest: sha-256=1",
	"RFC 8594 and 9745":        "Deprecation: @1688169599\nSunset: Sat, 31 Dec 2027 23:59:59 GMT\nLink: <https://a.test>; rel=\"sunset\"",
	"rate limits":              "RateLimit: \"default\";r=50;t=30\nRateLimit-Policy: \"default\";q=100;w=10\nX-RateLimit-Remaining: 3",
	"W3C's tracing":            "traceparent: 00-1-2-01\ntracestate: a=b\nbaggage: c=d",
	"Zipkin and Datadog":       "X-B3-TraceId: 1\nX-B3-SpanId: 2\nb3: 1-2-1\nx-datadog-trace-id: 3\nX-Request-ID: 4\nX-Correlation-ID: 5",
	"Django":                   "Vary: Accept, Cookie\nAllow: GET, HEAD, OPTIONS\nX-Frame-Options: DENY\nContent-Language: en\nServer: gunicorn\nSet-Cookie: csrftoken=a; Path=/",
	"CORS":                     "Access-Control-Allow-Origin: *\nAccess-Control-Expose-Headers: ETag\nTiming-Allow-Origin: *\nOrigin-Agent-Cluster: ?1",
	"caches":                   "ETag: W/\"1\"\nLast-Modified: Sat, 10 Mar 2018 20:38:12 GMT\nCache-Control: no-store\nExpires: 0\nPragma: no-cache\nWarning: 199 - \"a\"",
	"the API's own inventions": "X-Tasks-Left: 1\nX-Deepomatic-Worker: w7",
}

// noisy are good exchanges behind whatever stands in between: answers of each
// kind with each kind of noise, and requests as real programs send them.
func noisy(task, page Exchange) []verdict {
	var all []verdict
	throttled := task.answer(429, "application/json", `{"detail":"No."}`).header("Retry-After", "7")
	for name, lines := range noise {
		for kind, x := range map[string]Exchange{"a task": task, "a page": page, "a 429": throttled} {
			x.Header = x.Header.Clone()
			for line := range strings.SplitSeq(lines, "\n") {
				header, value, _ := strings.Cut(line, ": ")
				x.Header.Add(header, value)
			}
			all = append(all, verdict{name: kind + " behind " + name, x: x, noise: true})
		}
	}
	for name, lines := range map[string]string{
		"Python's requests":       "Accept: */*\nAccept-Encoding: gzip, deflate\nConnection: keep-alive\nUser-Agent: python-requests/2.32.3",
		"the vendor's client":     "Accept: application/json\nUser-Agent: deepomatic-api/0.10.0\nX-APP-ID: 42",
		"a browser's fetch":       "Accept: application/json\nOrigin: https://a.test\nReferer: https://a.test/\nSec-Fetch-Mode: cors\nSec-Ch-Ua: \"Chromium\"\nPriority: u=1, i",
		"axios":                   "Accept: application/json, text/plain, */*\nUser-Agent: axios/1.7",
		"curl":                    "Accept: */*\nUser-Agent: curl/8.5.0",
		"one that ranks":          "Accept: text/html;q=0.2, application/json;q=0.9, */*;q=0.1",
		"one that takes a family": "Accept: application/*;q=0.5",
		"tracing":                 "Traceparent: 00-1-2-01\nTracestate: a=b\nB3: 1-2-1",
		"one that says nothing":   "User-Agent: a",
	} {
		for kind, x := range map[string]Exchange{"a task": task, "a page": page} {
			x.RequestHeader = http.Header{"X-Api-Key": {"REDACTED"}}
			for line := range strings.SplitSeq(lines, "\n") {
				header, value, _ := strings.Cut(line, ": ")
				x.RequestHeader.Add(header, value)
			}
			all = append(all, verdict{name: kind + " for " + name, x: x, noise: true})
		}
	}
	return all
}
