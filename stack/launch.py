"""Becomes another program, one that is told to stop when its parent dies and that need not be root.

Run by path with the bare interpreter (`python -I -S launch.py PARENT SIGNAL USER PROGRAM ARGUMENT...`): a few
milliseconds, and nothing of ours stays in the program. USER is `-` for the user we are.
"""

import ctypes
import os
import pwd
import sys

# From linux/prctl.h, linux/securebits.h and linux/capability.h.
_PR_SET_PDEATHSIG, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAPABILITY_VERSION_3, _CAP_DAC_OVERRIDE = 0x20080522, 1


def main() -> None:
    parent, signal_number, user, *command = sys.argv[1:]  # the program by its full path
    if user != "-" and os.geteuid() == 0:
        _become(user)
    if sys.platform == "linux":
        # After the change of user: that clears the setting.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the parent is gone already")
    os.execv(command[0], command)  # noqa: S606 - this is what the module is for


def _become(user: str) -> None:
    """Give up root for `user`, but go on passing through directories that are closed to others.

    A checkout below /root is closed to everyone else. Opening it would change what isn't ours, so the program
    keeps the one capability that root has over file permissions; where even root lacks it, it does without.
    """
    account = pwd.getpwnam(user)
    if sys.platform == "linux":
        # Without this bit access(2), which PostgreSQL asks, looks at the user alone.
        ctypes.CDLL(None).prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    if sys.platform == "linux":
        _keep_passage_alone()


def _keep_passage_alone() -> None:
    bit = 1 << _CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    # effective, permitted, inheritable; the second three hold the capabilities from 32 on.
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    libc = ctypes.CDLL(None)
    if libc.capset(header, sets) == 0:
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    main()
