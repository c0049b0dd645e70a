/*
 * libuv, as its guide does it: a buffer from malloc for each read, a request from malloc for each
 * write, both freed when the write is done.
 *
 * bench: libuv echo sink source
 * debian: libuv1-dev
 * pkg-config: libuv
 */
#include <signal.h>
#include <uv.h>

#include "common/listen.h"

typedef struct {
  uv_write_t request;
  uv_buf_t buffer;
} write_t;

static const char* mode;
static char piece[kPieceBytes];

static void closed(uv_handle_t* handle) {
  free(handle);
}

static void end(uv_stream_t* stream) {
  if (!uv_is_closing((uv_handle_t*)stream)) uv_close((uv_handle_t*)stream, closed);
}

static void allocate(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer) {
  (void)handle;
  buffer->base = malloc(suggested);
  buffer->len = suggested;
}

static void written(uv_write_t* request, int status) {
  write_t* write = (write_t*)request;
  if (status < 0) end(request->handle);
  free(write->buffer.base);
  free(write);
}

static void echo(uv_stream_t* stream, char* bytes, size_t count) {
  write_t* write = malloc(sizeof *write);
  write->buffer = uv_buf_init(bytes, (unsigned)count);
  if (uv_write(&write->request, stream, &write->buffer, 1, written) != 0) {
    end(stream);
    free(bytes);
    free(write);
  }
}

static void received(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  if (count < 0) end(stream);
  if (count > 0 && strcmp(mode, "echo") == 0) {
    echo(stream, buffer->base, (size_t)count);
  } else {
    free(buffer->base);
  }
}

static void write_piece(uv_stream_t* stream, uv_write_t* request);

static void piece_written(uv_write_t* request, int status) {
  if (status == 0) {
    write_piece(request->handle, request);
  } else {
    end(request->handle);
    free(request);
  }
}

static void write_piece(uv_stream_t* stream, uv_write_t* request) {
  uv_buf_t buffer = uv_buf_init(piece, sizeof piece);
  if (uv_write(request, stream, &buffer, 1, piece_written) != 0) {
    end(stream);
    free(request);
  }
}

static void accept_one(uv_stream_t* listener, int status) {
  uv_tcp_t* client;
  if (status < 0) return;
  client = malloc(sizeof *client);
  uv_tcp_init(listener->loop, client);
  if (uv_accept(listener, (uv_stream_t*)client) != 0) {
    end((uv_stream_t*)client);
    return;
  }
  uv_tcp_nodelay(client, 1);
  if (strcmp(mode, "source") == 0) {
    write_piece((uv_stream_t*)client, malloc(sizeof(uv_write_t)));
  } else {
    uv_read_start((uv_stream_t*)client, allocate, received);
  }
}

int main(int argc, char** argv) {
  uv_tcp_t listener;
  struct sockaddr_in address;
  uv_os_fd_t fd;
  mode = mode_of(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  uv_tcp_init(uv_default_loop(), &listener);
  uv_ip4_addr("127.0.0.1", 0, &address);
  stop_if(uv_tcp_bind(&listener, (const struct sockaddr*)&address, 0) != 0, "uv_tcp_bind");
  stop_if(uv_listen((uv_stream_t*)&listener, SOMAXCONN, accept_one) != 0, "uv_listen");
  uv_fileno((const uv_handle_t*)&listener, &fd);
  say_address(fd);
  return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
