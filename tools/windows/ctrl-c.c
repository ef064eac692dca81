/* Runs a program in a console, and presses Ctrl+C there when it has printed a text:
 *
 *     ctrl-c.exe TEXT PROGRAM ARGUMENT..
 *
 * Passes on what the program prints, and its exit code. */

#include <stdio.h>
#include <string.h>
#include <windows.h>

static BOOL WINAPI ignore(DWORD event)
{
    return TRUE;
}

static int fail(const char *what)
{
    fprintf(stderr, "cannot %s: error %lu\n", what, GetLastError());
    return 1;
}

int main(int count, char **words)
{
    char line[1024] = "", said[65536] = "";
    HANDLE ours, theirs;
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION child;
    DWORD length, sent = 0, total = 0, code;

    for (int i = 2; i < count; i++) {
        strncat(line, words[i], sizeof line - strlen(line) - 2);
        strcat(line, " ");
    }
    if (count < 3) {
        fprintf(stderr, "usage: %s TEXT PROGRAM ARGUMENT..\n", words[0]);
        return 2;
    }
    FreeConsole();
    if (!AllocConsole())
        return fail("make a console");
    if (!CreatePipe(&ours, &theirs, &inherited, 0))
        return fail("make a pipe");
    SetHandleInformation(ours, HANDLE_FLAG_INHERIT, 0);
    start.dwFlags = STARTF_USESTDHANDLES;
    start.hStdOutput = theirs;
    start.hStdError = theirs;
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child))
        return fail("start the program");
    CloseHandle(theirs);
    SetConsoleCtrlHandler(ignore, TRUE);
    while (total < sizeof said - 1 &&
           ReadFile(ours, said + total, sizeof said - 1 - total, &length, NULL) && length > 0) {
        fwrite(said + total, 1, length, stdout);
        fflush(stdout);
        total += length;
        said[total] = 0;
        if (!sent && strstr(said, words[1])) {
            sent = 1;
            if (!GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0))
                return fail("press Ctrl+C");
        }
    }
    if (WaitForSingleObject(child.hProcess, 30000) != WAIT_OBJECT_0) {
        TerminateProcess(child.hProcess, 1);
        return fail("wait for the program");
    }
    GetExitCodeProcess(child.hProcess, &code);
    return (int)code;
}
