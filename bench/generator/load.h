// What a file in bench/loads is: rows of the table, and how they are driven. The generator finds
// the loads by their Registration, the harness asks the generator for the rows.
#pragma once

#include <netinet/in.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "generator/ring.h"
#include "generator/server_process.h"
#include "wskload/histogram.h"

namespace bench {

// What a row measures of the server: the figure that servers are compared by.
enum class Figure {
  kCpuPerMessage,       // us
  kCpuPerKib,           // ns
  kCpuPerConnection,    // us
  kBytesPerConnection,  // Resident.
};

struct Row {
  std::string name;   // For the command line and the JSON file.
  std::string title;  // For people.
  std::string mode;   // What the server has to do: echo, sink, source or udp (docs/performance.md).
  Figure figure = Figure::kCpuPerMessage;
  unsigned connections = 1;
  std::size_t bytes = 0;    // Of a message, or of one write of a stream.
  unsigned pipeline = 1;    // Messages under way at once on a connection.
  unsigned bystanders = 0;  // Idle connections beside them.
  bool is_main = false;     // One of the few that --quick measures.
  // A row of the growth plots instead of the table: what grows, connections, bytes or processors.
  std::string growth = {};
  unsigned processors = 1;  // Of the server.
};

struct Measurement {
  double figure = 0;  // In the unit of the row's Figure.
  nanoseconds length{};
  std::uint64_t count = 0;  // Messages, connections, or writes' bytes / 1024.
  std::uint64_t bytes = 0;
  Usage server;  // What it used meanwhile.
  nanoseconds generator_cpu{};
  nanoseconds others_cpu{};      // What neither server nor generator used: the noise.
  wskload::Histogram latencies;  // Empty where a row has none.
};

struct Job {
  Ring& ring;
  ServerProcess& process;
  sockaddr_in server{};
};

struct Timing {
  nanoseconds warmup{};
  nanoseconds window{};
};

class Load {
 public:
  virtual ~Load() = default;
  // Both throw std::runtime_error when the server does not do what the row's mode says.
  // Opens the connections, and returns when each has been served.
  virtual void prepare() = 0;
  // May be called many times. Between two calls nothing new is asked of the server.
  virtual Measurement measure(const Timing& timing) = 0;
};

using LoadFactory = std::function<std::unique_ptr<Load>(const Row&, const Job&)>;

struct RegisteredRow {
  Row row;
  LoadFactory make;
};

// At namespace scope in the load's file. The order of the table is that of the names of the files,
// and within a file that of its rows.
class Registration {
 public:
  Registration(std::vector<Row> rows, const LoadFactory& make);
};

const std::vector<RegisteredRow>& registered_rows();

// "16 KiB", "64 B"
std::string size_text(std::size_t bytes);
// "1 connection", "64 connections"
std::string connections_text(unsigned count);

}  // namespace bench
