"""Files that people send: which requests may be large, and what becomes of each file in words for a person."""

from collections.abc import Iterable, Sequence

from flask import abort, request
from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from hotline.console.closing_words import trouble_of_file
from hotline.console.person import person
from hotline.rules.attachments import MOST_AT_ONCE, Most
from hotline.rules.transfers import LARGEST_FILE_BYTES
from hotline.services import attachments
from hotline.services.attachments import UnusableFileError
from hotline.services.desk import attachments as desk
from hotline.settings import Settings
from hotline.store import RecordingStore
from hotline.web import MORE_TIME, runtime

# The views that take files; whoever sends one of these is signed in and has the role by the time it is read.
_BRINGS_TRANSFERS = "transfers.bring_in"
TAKES_FILES = frozenset({"attachments.attach", "orders.move_on", _BRINGS_TRANSFERS})
_BESIDE_THE_FILES = 1024 * 1024
# A photo over a bad mobile line; other requests have seconds.
_ARRIVES_WITHIN_S = 120.0


def most(settings: Settings) -> Most:
    """How much is taken."""
    return Most(settings.attachment_limit_bytes, settings.attachments_for_order)


def expect_files() -> None:
    """Let this request be as large, and take as long, as the files that it may bring."""
    attached = MOST_AT_ONCE * runtime().settings.attachment_limit_bytes
    largest = LARGEST_FILE_BYTES if request.endpoint == _BRINGS_TRANSFERS else attached
    request.max_content_length = largest + _BESIDE_THE_FILES
    allow = request.environ.get(MORE_TIME)
    if allow is not None:
        allow(_ARRIVES_WITHIN_S)


def chosen(data: Iterable[FileStorage | str] | None) -> list[FileStorage]:
    """The files that a field brought; a browser sends an empty one where none was chosen."""
    return [each for each in data or () if isinstance(each, FileStorage) and each.filename]


def attach(number: str, files: Sequence[FileStorage]) -> list[str]:
    """Attach the files to the order, each for itself; what is wrong with those that were not taken."""
    if len(files) > MOST_AT_ONCE:
        return [gettext("Please send at most %(count)d files at once.", count=MOST_AT_ONCE)]
    troubles = []
    for file in files:
        try:
            _attach(number, file)
        except UnusableFileError as error:
            troubles.append(trouble_of_file(str(file.filename), error.trouble, most(runtime().settings)))
    return troubles


def _attach(number: str, file: FileStorage) -> None:
    held, actor = runtime(), person().actor
    taken = most(held.settings)
    with held.transaction() as session:
        desk.to_attach(session, actor, number) or abort(404)
    found = attachments.examine(str(file.filename), file.stream, taken)
    store = RecordingStore(held.settings.recordings_url)
    with attachments.put(store, found, held.now()) as stored, held.transaction() as session:
        order = desk.to_attach(session, actor, number) or abort(404)
        attachments.keep(session, order, stored, taken, actor, held.now())
