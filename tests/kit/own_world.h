// A world of a test's own: a process in namespaces, with mounts, a host name and a network that
// nobody else sees, and nothing in it yet.
//
//   CONFORMANCE_TEST(NameWorld, AHostHasItsAddresses) {
//     covers("A-005");
//     if (!in_own_world()) return repeat_in_own_world();
//     ...
//
// repeat_in_own_world() runs the test a second time, in such a process, and fails as it fails.
#pragma once

namespace wskrun::tests {

bool in_own_world();

// Skips the test where the system gives nobody namespaces.
void repeat_in_own_world();

// ---- to furnish it, from inside

void bring_up_loopback();

// Throws, with errno's text, unless a system call succeeded.
void need(bool success, const char* what);

}  // namespace wskrun::tests
