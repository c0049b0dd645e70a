// Process: a program started by a test, with its output read line by line. Every call waits for its
// fact and fails the test when it does not come within a minute.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace wskrun::tests {

class Process {
 public:
  explicit Process(std::vector<std::string> arguments);
  ~Process();  // Kills what still runs.
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The next line, of either output, that contains `text`. "" when there is none.
  std::string line_with(const std::string& text);
  pid_t pid() const { return pid_; }
  void signal(int number);
  // The rest of the output is read; -1: it was ended by a signal or not at all.
  int exit_status();
  // All that was read so far, both outputs in the order of writing.
  const std::string& output() const { return output_; }

 private:
  bool read_more();

  pid_t pid_ = -1;
  int pipe_ = -1;
  std::string output_;
  std::size_t looked_at_ = 0;  // Lines before it were asked for already.
};

// `wskrun` with these arguments; a driver is named without folder and ".so".
std::vector<std::string> wskrun_command(std::vector<std::string> options,
                                        const std::string& driver);

// The port in "listening on 127.0.0.1:port".
std::uint16_t listening_port(Process& process);

}  // namespace wskrun::tests
