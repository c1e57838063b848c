/*
 * The limit of one write a notification, without Node: finished bytes, written to the socket of each contact. It knows a ring
 * of users and just enough of the frames that the generator sends; a broken one ends it.
 *
 * raw-c <users>: tells its port on standard output.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HALF = 50, MOST_SOCKETS = 65536, READ_BYTES = 16384, EVENTS = 512 };

static int users, poller, socket_of[MOST_SOCKETS], user_of[MOST_SOCKETS], upgraded[MOST_SOCKETS];
static const char *status_of[MOST_SOCKETS];
static const char UPGRADED[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

/* All of it or the end: a control that loses something would be no limit. */
static void put(int socket, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(socket, bytes, length);
    if (written < 0) exit(2);
    bytes += written;
    length -= (size_t)written;
  }
}

static void put_frame(int socket, const char *text, size_t length) {
  char frame[READ_BYTES];
  size_t header = length < 126 ? 2 : 4;
  frame[0] = (char)0x81;
  frame[1] = (char)(length < 126 ? length : 126);
  if (header == 4) {
    frame[2] = (char)(length >> 8);
    frame[3] = (char)length;
  }
  memcpy(frame + header, text, length);
  put(socket, frame, header + length);
}

static int record(char *text, int user) {
  return sprintf(text, "{\"user\":\"u%06d\",\"status\":\"%s\"}", user, status_of[user]);
}

static int contact(int user, int index) {
  int step = index < HALF ? index - HALF : index - HALF + 1;
  return (user + step + users) % users;
}

static void tell(int user) {
  char text[256];
  int length = sprintf(text, "{\"type\":\"PRESENCE_UPDATE\",\"users\":[");
  length += record(text + length, user);
  length += sprintf(text + length, "]}");
  for (int index = 0; index < 2 * HALF; index++) {
    int socket = socket_of[contact(user, index)];
    if (socket > 0) put_frame(socket, text, (size_t)length);
  }
}

static void show(int socket, int user) {
  char text[READ_BYTES];
  int length = sprintf(text, "{\"type\":\"snapshot\",\"ref\":1,\"users\":[");
  for (int index = 0; index < 2 * HALF; index++) {
    if (index > 0) text[length++] = ',';
    length += record(text + length, contact(user, index));
  }
  length += sprintf(text + length, "]}");
  put_frame(socket, text, (size_t)length);
}

static void take(int socket, const char *text, size_t length) {
  switch (text[9]) {
  case 'h': {
    const char *token = memmem(text, length, "\"token\":\"u", 10);
    user_of[socket] = token ? atoi(token + 10) : 0;
    socket_of[user_of[socket]] = socket;
    break;
  }
  case 'P':
    status_of[user_of[socket]] = memmem(text, length, "away", 4) ? "away" : "online";
    tell(user_of[socket]);
    break;
  case 'r':
    show(socket, user_of[socket]);
  }
}

static void listen_to(int socket) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = socket};
  epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event);
}

static void read_from(int socket) {
  unsigned char bytes[READ_BYTES];
  ssize_t length = read(socket, bytes, sizeof bytes);
  if (length <= 0) {
    close(socket);
    return;
  }
  if (!upgraded[socket]) {
    upgraded[socket] = 1;
    put(socket, UPGRADED, sizeof UPGRADED - 1);
    return;
  }
  /* Frames of the generator are short, masked with 0, and written at once. */
  for (ssize_t at = 0; at < length; at += 6 + (bytes[at + 1] & 0x7f))
    take(socket, (char *)bytes + at + 6, bytes[at + 1] & 0x7f);
}

int main(int count, char **args) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  struct epoll_event events[EVENTS];
  int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  /* Whoever started it may be killed. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  users = count > 1 ? atoi(args[1]) : 0;
  for (int user = 0; user < MOST_SOCKETS; user++) status_of[user] = "offline";
  if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) return 1;
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  poller = epoll_create1(0);
  listen_to(listener);
  for (;;) {
    int ready = epoll_wait(poller, events, EVENTS, -1);
    for (int index = 0; index < ready; index++) {
      if (events[index].data.fd != listener) {
        read_from(events[index].data.fd);
        continue;
      }
      int accepted = accept(listener, NULL, NULL);
      setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      upgraded[accepted] = 0;
      listen_to(accepted);
    }
  }
}
