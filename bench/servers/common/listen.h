/*
 * listen.h: what every server here starts with: a socket on a free port of 127.0.0.1, and the line
 * that tells the harness which. Plain C, for the servers in C too.
 */
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* Bytes that a server gives out in one write, and in mode source again and again. */
enum { kPieceBytes = 64 * 1024 };

static inline void stop_if(int failed, const char* what) {
  if (!failed) return;
  perror(what);
  exit(1);
}

/* "listening on 127.0.0.1:PORT" */
static inline void say_address(int socket) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  stop_if(getsockname(socket, (struct sockaddr*)&address, &size) != 0, "getsockname");
  printf("listening on 127.0.0.1:%u\n", ntohs(address.sin_port));
  fflush(stdout);
}

/* type: SOCK_STREAM or SOCK_DGRAM, with SOCK_NONBLOCK or without. */
static inline int open_server(int type) {
  struct sockaddr_in address;
  int server = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  stop_if(server < 0, "socket");
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  stop_if(bind(server, (struct sockaddr*)&address, sizeof address) != 0, "bind");
  if ((type & SOCK_STREAM) != 0 && (type & SOCK_DGRAM) == 0) {
    stop_if(listen(server, SOMAXCONN) != 0, "listen");
  }
  return server;
}

static inline void set_nodelay(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* The mode the harness asks for: echo, sink, source or udp. */
static inline const char* mode_of(int argc, char** argv) {
  if (argc == 2) return argv[1];
  fprintf(stderr, "usage: %s MODE\n", argv[0]);
  exit(2);
}
