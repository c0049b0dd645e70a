/*
 * libevent, as its book does it: a bufferevent per connection, whose input is moved to its output
 * without a copy.
 *
 * bench: libevent echo sink source
 * debian: libevent-dev
 * pkg-config: libevent
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>

#include "common/listen.h"

static const char* mode;
static char piece[kPieceBytes];

static void echo(struct bufferevent* connection, void* context) {
  (void)context;
  evbuffer_add_buffer(bufferevent_get_output(connection), bufferevent_get_input(connection));
}

static void drop(struct bufferevent* connection, void* context) {
  struct evbuffer* input = bufferevent_get_input(connection);
  (void)context;
  evbuffer_drain(input, evbuffer_get_length(input));
}

/* Called when the output has run empty. */
static void write_piece(struct bufferevent* connection, void* context) {
  (void)context;
  evbuffer_add_reference(bufferevent_get_output(connection), piece, sizeof piece, NULL, NULL);
}

static void ended(struct bufferevent* connection, short events, void* context) {
  (void)events;
  (void)context;
  bufferevent_free(connection);
}

static void accepted(struct evconnlistener* listener, evutil_socket_t fd, struct sockaddr* peer,
                     int size, void* context) {
  struct bufferevent* connection =
      bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
  (void)peer;
  (void)size;
  (void)context;
  set_nodelay(fd);
  if (strcmp(mode, "source") == 0) {
    bufferevent_setcb(connection, NULL, write_piece, ended, NULL);
    write_piece(connection, NULL);
    return;
  }
  bufferevent_setcb(connection, strcmp(mode, "sink") == 0 ? drop : echo, NULL, ended, NULL);
  bufferevent_enable(connection, EV_READ | EV_WRITE);
}

int main(int argc, char** argv) {
  struct event_base* base = event_base_new();
  struct sockaddr_in address = {0};
  struct evconnlistener* listener;
  mode = mode_of(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  stop_if(base == NULL, "event_base_new");
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = evconnlistener_new_bind(base, accepted, NULL, LEV_OPT_CLOSE_ON_FREE, SOMAXCONN,
                                     (struct sockaddr*)&address, sizeof address);
  stop_if(listener == NULL, "evconnlistener_new_bind");
  say_address(evconnlistener_get_fd(listener));
  return event_base_dispatch(base);
}
