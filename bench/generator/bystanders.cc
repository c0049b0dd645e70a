// Opening the bystanders, so many at once that no backlog overflows.
#include "generator/bystanders.h"

#include "generator/connection.h"

namespace bench {
namespace {

constexpr unsigned kAtOnce = 100;
constexpr std::size_t kMessageBytes = 64;

}  // namespace

class Bystanders::Bystander final : public Connection {
 public:
  Bystander(Bystanders& all, unsigned index) : Connection(all.job_.ring, index), all_(all) {}

 private:
  void connected() override { send(all_.message_); }
  void sent(std::size_t) override {}
  void received(std::span<const char> bytes) override {
    missing_ -= bytes.size();
    if (missing_ == 0) all_.served_one();
  }

  Bystanders& all_;
  std::size_t missing_ = kMessageBytes;
};

Bystanders::Bystanders(const Job& job, unsigned count)
    : job_(job), count_(count), message_(kMessageBytes, 'b') {}

Bystanders::~Bystanders() = default;

void Bystanders::open() {
  open_more();
}

void Bystanders::open_more() {
  while (bystanders_.size() < count_ && bystanders_.size() < served_ + kAtOnce) {
    bystanders_.emplace_back(*this, static_cast<unsigned>(bystanders_.size())).open(job_.server);
  }
}

void Bystanders::served_one() {
  ++served_;
  open_more();
}

}  // namespace bench
