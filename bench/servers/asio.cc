// Asio on its epoll reactor, as its own echo example does it: a shared session per connection,
// which reads some, writes all of that, and reads again.
//
// bench: asio echo sink source
// debian: libasio-dev
// header: asio.hpp
#include <asio.hpp>
#include <iostream>
#include <memory>
#include <string_view>

#include "common/listen.h"

namespace {

using asio::ip::tcp;

std::string_view mode;
std::size_t buffer_bytes;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket)
      : socket_(std::move(socket)), buffer_(std::make_unique_for_overwrite<char[]>(buffer_bytes)) {
    socket_.set_option(tcp::no_delay(true));
  }

  void start() {
    if (mode == "source") return write(buffer_bytes);
    read();
  }

 private:
  void read() {
    socket_.async_read_some(asio::buffer(buffer_.get(), buffer_bytes),
                            [self = shared_from_this()](std::error_code error, std::size_t count) {
                              if (error) return;
                              if (mode == "sink") return self->read();
                              self->write(count);
                            });
  }

  void write(std::size_t count) {
    asio::async_write(socket_, asio::buffer(buffer_.get(), count),
                      [self = shared_from_this(), count](std::error_code error, std::size_t) {
                        if (error) return;
                        if (mode == "source") return self->write(count);
                        self->read();
                      });
  }

  tcp::socket socket_;
  std::unique_ptr<char[]> buffer_;
};

void accept_next(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](std::error_code error, tcp::socket socket) {
    if (!error) std::make_shared<Session>(std::move(socket))->start();
    accept_next(acceptor);
  });
}

}  // namespace

int main(int argc, char** argv) {
  mode = mode_of(argc, argv);
  buffer_bytes = mode == "echo" ? 16 * 1024 : kPieceBytes;
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  say_address(acceptor.native_handle());
  accept_next(acceptor);
  context.run();
}
