/* A closed loop of HTTP requests on a few connections: as many as the server answers.
 *
 *   load PORT CONNECTIONS SECONDS KEEP_ALIVE < requests
 *
 * Requests on standard input, each with its length before it (32 bits, this machine's order), and
 * sent in turn. An answer is one readable piece that begins with "HTTP/1.1 2" or "HTTP/1.0 2".
 * KEEP_ALIVE 0: a new connection for each request, closed with the answer. Prints answers, then
 * answers per second. Python's own loop would be slower than the servers it is to measure.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 4096 };
static char *text[MOST];
static uint32_t size[MOST];
static int texts, turn, poller, port;

static void fail(const char *what) { perror(what); exit(1); }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void ask(int sock) {
    if (send(sock, text[turn], size[turn], MSG_NOSIGNAL) != (ssize_t)size[turn]) fail("send");
    turn = (turn + 1) % texts;
}

static void open_one(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLIN};
    int one = 1, sock = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (sock < 0 || connect(sock, (struct sockaddr *)&to, sizeof to)) fail("connect");
    setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    event.data.fd = sock;
    if (epoll_ctl(poller, EPOLL_CTL_ADD, sock, &event)) fail("epoll_ctl");
    ask(sock);
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    port = atoi(argv[1]);
    int connections = atoi(argv[2]), keep = atoi(argv[4]);
    double seconds = atof(argv[3]);
    while (texts < MOST && fread(&size[texts], 4, 1, stdin) == 1) {
        text[texts] = malloc(size[texts]);
        if (fread(text[texts], 1, size[texts], stdin) != size[texts]) fail("requests");
        texts++;
    }
    if (!texts || (poller = epoll_create1(0)) < 0) fail("start");
    for (int n = 0; n < connections; n++) open_one();
    struct epoll_event ready[64];
    char answer[8192];
    long answers = 0;
    double begun = now(), end = begun + seconds, at;
    while ((at = now()) < end) {
        int found = epoll_wait(poller, ready, 64, 1000);
        for (int n = 0; n < found; n++) {
            int sock = ready[n].data.fd;
            ssize_t got = recv(sock, answer, sizeof answer - 1, 0);
            if (got > 0) {
                if (got >= 10 && !memcmp(answer, "HTTP/1.", 7)) {
                    if (answer[9] != '2') {
                        fprintf(stderr, "refused: %.100s\n", answer);
                        return 1;
                    }
                    answers++;
                    if (keep) ask(sock);
                }
                if (keep) continue;
            } else if (keep) {
                fail("closed by the server");
            }
            if (got <= 0 || !memcmp(answer, "HTTP/1.", 7)) {
                close(sock);
                open_one();
            }
        }
    }
    printf("%ld %.1f\n", answers, answers / (at - begun));
    return 0;
}
