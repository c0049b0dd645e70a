// posix_spawn, one pipe for both outputs, and poll with a deadline.
#include "kit/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include <gtest/gtest.h>

namespace wskrun::tests {
namespace {

constexpr int kPatienceMs = 60'000;

}  // namespace

Process::Process(std::vector<std::string> arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0) << argv[0];
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  pipe_ = ends[0];
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(pipe_);
}

// False: the program has closed its output, or says nothing for too long.
bool Process::read_more() {
  pollfd readable{pipe_, POLLIN, 0};
  if (poll(&readable, 1, kPatienceMs) != 1) return false;
  char bytes[4096];
  const ssize_t count = read(pipe_, bytes, sizeof bytes);
  if (count <= 0) return false;
  output_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::string Process::line_with(const std::string& text) {
  do {
    for (auto end = output_.find('\n', looked_at_); end != std::string::npos;
         end = output_.find('\n', looked_at_)) {
      std::string line = output_.substr(looked_at_, end - looked_at_);
      looked_at_ = end + 1;
      if (line.find(text) != std::string::npos) return line;
    }
  } while (read_more());
  ADD_FAILURE() << "no line with '" << text << "' in:\n" << output_;
  return {};
}

void Process::signal(int number) {
  kill(pid_, number);
}

int Process::exit_status() {
  while (read_more()) continue;
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) return -1;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<std::string> wskrun_command(std::vector<std::string> options,
                                        const std::string& driver) {
  std::vector<std::string> command = {WSKRUN_BIN_DIR "/wskrun"};
  command.insert(command.end(), options.begin(), options.end());
  if (!driver.empty()) command.push_back(WSKRUN_DRIVER_DIR "/" + driver + ".so");
  return command;
}

std::uint16_t listening_port(Process& process) {
  const std::string line = process.line_with("listening on ");
  const auto colon = line.rfind(':');
  return colon == std::string::npos ? 0
                                    : static_cast<std::uint16_t>(std::stoi(line.substr(colon + 1)));
}

}  // namespace wskrun::tests
