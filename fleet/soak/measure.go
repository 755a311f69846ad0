package main

import "context"

func (s *soak) measure(ctx context.Context) error { return nil }
