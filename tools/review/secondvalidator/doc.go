// Package secondvalidator holds the contract's validator to another one, that of
// pb33f: both must say the same of every recording and of every mutation that
// the contract's own tests make, or the difference is listed here with its
// reason.
package secondvalidator
