// SignalsBlocked: a scope in which the calling thread takes no signal. A thread started in it takes
// none for good: signals are for the threads of the program around us.
#pragma once

#include <pthread.h>

#include <csignal>

namespace wskrun::net {

class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace wskrun::net
