// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"oracle.test/internal/trace/testtrace"
	"oracle.test/internal/txtar"
)

// runConvert writes a conformance test's trace as binary, and the line that says what is expected
// of a reader to out.expect: SUCCESS, or FAILURE and a quoted regular expression.
func runConvert(test, out string) error {
	r, _, _, err := testtrace.ParseFile(test)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, data, 0o644); err != nil {
		return err
	}
	ar, err := txtar.ParseFile(test)
	if err != nil {
		return err
	}
	return os.WriteFile(strings.TrimSuffix(out, ".trace")+".expect", ar.Files[0].Data, 0o644)
}

func runUnfuzz(name, out string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 2 || lines[0] != "go test fuzz v1" {
		return fmt.Errorf("%s: not a file of a fuzzing corpus", name)
	}
	quoted := strings.TrimSuffix(strings.TrimPrefix(lines[1], "[]byte("), ")")
	data, err := strconv.Unquote(quoted)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(out, []byte(data), 0o644)
}
