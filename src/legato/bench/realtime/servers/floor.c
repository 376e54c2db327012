/*
 * The floor: what the kernel alone asks for one delivery.
 *
 * Accepts connections and, for each publication, sends one WebSocket text frame
 * of 128 bytes to each of them with a bare send(). No handshake, no protocol, no
 * memory of who they are. Commands arrive on the standard input, as for the other
 * servers: "publish <channel> <count>" and "settle". The end of input ends it.
 *
 * The head of a frame is 0x81 (final, text), 126 and the length in two bytes
 * (RFC 6455, section 5.2).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD = 4, NUMBER = 8, TEXT = 128, FRAME = HEAD + TEXT, MOST = 65536 };

static int clients[MOST];
static int count;
static char frame[FRAME + 1];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int listen_on_a_free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (server < 0 || bind(server, (struct sockaddr *)&address, size) < 0 ||
        listen(server, 4096) < 0 ||
        getsockname(server, (struct sockaddr *)&address, &size) < 0)
        fail("listen");
    printf("ready %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return server;
}

/* Two bytes of text tell the client that it is served. */
static void welcome(int server) {
    static const char joined[] = {(char)0x81, 2, 'o', 'k'};
    int on = 1;
    int client = accept(server, NULL, NULL);

    if (client < 0 || count == MOST)
        fail("accept");
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (send(client, joined, sizeof joined, MSG_NOSIGNAL) != sizeof joined)
        fail("send");
    clients[count++] = client;
}

static void publish(int publications) {
    static unsigned number;

    while (publications-- > 0) {
        char digits[16];
        snprintf(digits, sizeof digits, "%08u", ++number % 100000000);
        memcpy(frame + HEAD, digits, NUMBER);
        for (int i = 0; i < count; i++)
            if (send(clients[i], frame, FRAME, MSG_NOSIGNAL) != FRAME)
                fail("send");
    }
}

/* Reads what there is; a command is a whole line. */
static int obey(void) {
    static char line[256];
    static size_t held;
    ssize_t got = read(STDIN_FILENO, line + held, sizeof line - 1 - held);
    char *end;
    int publications;

    if (got <= 0)
        return 0;
    held += (size_t)got;
    line[held] = '\0';
    while ((end = strchr(line, '\n')) != NULL) {
        *end = '\0';
        if (sscanf(line, "publish %*s %d", &publications) == 1)
            publish(publications);
        else if (strcmp(line, "settle") == 0) {
            puts("settled");
            fflush(stdout);
        }
        held -= (size_t)(end + 1 - line);
        memmove(line, end + 1, held + 1);
    }
    return 1;
}

int main(void) {
    static const char head[HEAD] = {(char)0x81, 126, 0, (char)TEXT};
    struct pollfd doors[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                              {.events = POLLIN}};

    memset(frame, 'x', FRAME);
    memcpy(frame, head, HEAD);
    doors[1].fd = listen_on_a_free_port();
    for (;;) {
        if (poll(doors, 2, -1) < 0 && errno != EINTR)
            fail("poll");
        if (doors[0].revents && !obey())
            return 0;
        if (doors[1].revents)
            welcome(doors[1].fd);
    }
}
