package fakeserver

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// Lives makes the task of any id, the same for the same seed. The zero value
// makes tasks that succeed at once.
type Lives struct {
	Seed     uint64
	Duration Distribution
	Failing  float64 // the share of tasks that fail, from 0 to 1
}

func (l *Lives) of(id string) (taskstest.Task, bool) {
	h := fnv.New64a()
	_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, l.Seed))
	_, _ = h.Write([]byte(id))
	random := rand.New(rand.NewPCG(h.Sum64(), l.Seed))
	task := taskstest.Task{Pending: l.Duration.Of(random)}
	if random.Float64() < l.Failing {
		task.Error = "failed " + id
		return task, true
	}
	of, err := json.Marshal(map[string]string{"of": id})
	task.Data = string(of)
	return task, err == nil
}

// Distribution is how long tasks take. It is a flag's value; its zero value is
// no time.
type Distribution struct {
	text string
	draw func(*rand.Rand) time.Duration
}

// Exponential has a mean.
func Exponential(mean time.Duration) Distribution {
	return Distribution{"exp:" + mean.String(), func(r *rand.Rand) time.Duration { return atMost(r.ExpFloat64() * float64(mean)) }}
}

// atMost keeps a duration that chance made within what a duration can be.
func atMost(d float64) time.Duration { return time.Duration(math.Min(d, math.MaxInt64/4)) }

// Of draws a duration.
func (d *Distribution) Of(r *rand.Rand) time.Duration {
	if d.draw == nil {
		return 0
	}
	return d.draw(r)
}

// String is the distribution as Set reads it.
func (d *Distribution) String() string { return d.text }

// Type is the flag's word for its value.
func (d *Distribution) Type() string { return "distribution" }

// Set reads a distribution such as exp:2s.
func (d *Distribution) Set(text string) error {
	kind, args, _ := strings.Cut(text, ":")
	wrong := fmt.Errorf("%q is not a distribution such as fixed:2s, uniform:1s-5s, exp:2s or lognormal:2s,0.5", text)
	first, second, two := strings.Cut(strings.Replace(args, "-", ",", 1), ",")
	a, err := time.ParseDuration(first)
	if err != nil || a < 0 {
		return wrong
	}
	switch {
	case kind == "fixed" && !two:
		d.draw = func(*rand.Rand) time.Duration { return a }
	case kind == "exp" && !two:
		*d = Exponential(a)
	case kind == "uniform" && two:
		b, err := time.ParseDuration(second)
		if err != nil || b < a {
			return wrong
		}
		d.draw = func(r *rand.Rand) time.Duration { return a + time.Duration(r.Float64()*float64(b-a)) }
	case kind == "lognormal" && two:
		sigma, err := strconv.ParseFloat(second, 64)
		if err != nil || sigma < 0 {
			return wrong
		}
		d.draw = func(r *rand.Rand) time.Duration { return atMost(float64(a) * math.Exp(sigma*r.NormFloat64())) }
	default:
		return wrong
	}
	d.text = text
	return nil
}
