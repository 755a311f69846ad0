package tasksclient

import (
	"math"
	"testing"
)

// limits is the least that waiting can cost who knows the law: the expected cost
// of n tasks that are made at the same time, for each n up to a most. It is a
// dynamic program, backwards in time over the number of tasks that are pending:
// after a request that found j of them pending at a time t, the next is made
// after the gap g for which
//
//	cost + the expected delay of those that end within g + the least cost from t+g on
//
// is least, where the last is expected over how many are pending then, which is
// a binomial number. The first request is made at once, as a client has to that
// does not know when its tasks were made.
func limits(l law, mean float64, most int) []float64 {
	// A sixth of the shortest gaps that are worth it, or a little less, so that the mean is a whole number of steps.
	step := mean / math.Ceil(6*mean/math.Sqrt(requestCost*mean/float64(most)))
	const negligible = 1e-7 // a chance to be pending
	var pending []float64   // the chance that a task is, at each step
	passed := []float64{0}
	for at := 0.0; ; at += step {
		p := 1 - l.ended(at/mean)
		pending = append(pending, p)
		if p < negligible {
			break
		}
		passed = append(passed, passed[len(passed)-1]+step*(2-p-(1-l.ended((at+step)/mean)))/2)
	}
	last := len(pending) - 1
	least := make([][]float64, last+1) // by time and number pending
	least[last] = []float64{0}
	gaps := make([]int, most+1) // that were best one step later
	for t := last - 1; t >= 0; t-- {
		expected := float64(most) * pending[t]
		number := min(most, int(expected+8*math.Sqrt(expected))+8) // more are hardly ever pending
		least[t] = make([]float64, number+1)
		for j := 1; j <= number; j++ {
			after := func(g int) float64 {
				delay := (passed[t+g] - passed[t] - float64(g)*step*(1-pending[t])) / pending[t]
				return requestCost + float64(j)*delay + binomialMean(least[t+g], j, pending[t+g]/pending[t])
			}
			// The best gap is near to what it was a step later, or there are several that are better than their neighbours.
			g := min(gaps[j]+1, last-t)
			best := after(g)
			for other := 1; other < last-t; other += 1 + other/2 {
				if x := after(other); x < best {
					g, best = other, x
				}
			}
			for g > 1 {
				x := after(g - 1)
				if x > best {
					break
				}
				g, best = g-1, x
			}
			for g < last-t {
				x := after(g + 1)
				if x >= best {
					break
				}
				g, best = g+1, x
			}
			gaps[j], least[t][j] = g, best
		}
	}
	all := make([]float64, most+1)
	for n := 1; n <= most; n++ {
		all[n] = requestCost + least[0][n]
	}
	return all
}

// binomialMean is the mean of f(i) where i of n are left, each with a chance p.
func binomialMean(f []float64, n int, p float64) float64 {
	at := func(i int) float64 { return f[min(i, len(f)-1)] }
	if p >= 1 {
		return at(n)
	}
	middle := int(p * float64(n+1))
	if p <= 0 {
		return at(0)
	}
	choose, _ := math.Lgamma(float64(n + 1))
	a, _ := math.Lgamma(float64(middle + 1))
	b, _ := math.Lgamma(float64(n - middle + 1))
	chance := math.Exp(choose - a - b + float64(middle)*math.Log(p) + float64(n-middle)*math.Log1p(-p))
	const negligible = 1e-8
	mean := chance * at(middle)
	for i, c := middle, chance; i < n && c > negligible; i++ {
		c *= float64(n-i) / float64(i+1) * p / (1 - p)
		mean += c * at(i+1)
	}
	for i, c := middle, chance; i > 0 && c > negligible; i-- {
		c *= float64(i) / float64(n-i+1) * (1 - p) / p
		mean += c * at(i-1)
	}
	return mean
}

func TestTheLimitOfOneTaskOfAnExponentialLawIsItsClosedForm(t *testing.T) {
	t.Parallel()
	for _, mean := range means {
		// Each request costs, and is the last with a chance of 1 - exp(-g/mean), after which the task has waited.
		want := math.Inf(1)
		for g := 0.001; g < 10*mean; g += 0.001 {
			found := -math.Expm1(-g / mean)
			want = min(want, requestCost+(requestCost+g-found*mean)/found)
		}
		got := limits(independent[0], mean, 1)[1]
		t.Logf("mean %v s: %.4f, closed form %.4f", mean, got, want)
		if math.Abs(got/want-1) > 0.001 {
			t.Errorf("mean %v s: %.4f, want %.4f", mean, got, want)
		}
	}
}
