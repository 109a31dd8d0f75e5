"""Every error a person can meet, in one tree.

    VtonError
    ├── BadInput                 what was given cannot be used as it is
    │   ├── ImageUnreadable      not a picture, truncated, or of a kind we do not read
    │   ├── ImageTooLarge        more bytes or pixels than the limits allow
    │   ├── ImageTooSmall        too few pixels to work with
    │   ├── NoPersonFound        no person in the photo of the person
    │   ├── PoseNotSupported     a person, but not from a side that can be dressed
    │   ├── MaskNeeded           the automatic mask is off, and there is no other
    │   ├── GarmentNotUnderstood no garment found, or not one that can be measured
    │   ├── WrongKind            the garment is not of the kind that was asked for
    │   ├── BadOption            an option the engine does not have, or a value out of its range
    │   ├── FileProblem          a file or folder that is missing or cannot be read or written
    │   ├── UnknownEngine        no engine of that name is installed
    │   ├── BadSetting           a VTONLAB_* variable whose value cannot be used
    │   ├── AddressTaken         the server cannot listen where it was told to
    │   └── RequestRefused       a request the server does not answer
    │       ├── BadRequest       a part is missing or of the wrong form
    │       │   └── BadDetail    a name, e-mail address or password that is not taken
    │       ├── MalformedBody    not of the form its Content-Type says
    │       ├── TooSlow          the body did not come in time
    │       ├── PageNotFound     there is nothing at this address
    │       ├── MethodNotAllowed the address exists, but not for this method
    │       ├── ForeignRequest   sent by another site's page
    │       ├── BodyTooLarge     more bytes than a request may have
    │       ├── SignInNeeded     only for those who signed in
    │       │   └── PairingNeeded a program that says not for whom it sends pictures
    │       ├── WrongPassword    no account of that name and password
    │       ├── TokenNotValid    a token that is unknown, expired, revoked or spent
    │       ├── NotAllowed       signed in, but the role or token does not allow it
    │       ├── OthersData       the address names another user
    │       ├── NotThere         no such picture, task, token … of the caller
    │       ├── Conflict         it cannot be done as things stand
    │       │   ├── NameTaken    somebody has this name or e-mail address
    │       │   └── AlreadyEnded the task is over
    │       ├── UnknownCategory  no category or colour of this name
    │       ├── DownloadGone     the address of a zip that was fetched already, or waited too long
    │       ├── NothingDone      of several pictures, none could be changed
    │       ├── TooManyRequests  slow down (retryable)
    │       └── NoRoomLeft       the quota of the account is used up
    │   ├── AddressRefused       an address of the web that is not fetched from
    │   ├── FetchFailed          the web did not give a picture
    │   ├── DatabaseProblem      newer than the program, or not to be upgraded as it is
    │   ├── BackupNotUsable      a backup that cannot be restored
    │   └── BackupElsewhere      a backup that other programs make better
    ├── ServiceError             a part of the server does not work now (retryable)
    │   ├── StorageUnavailable   the place where pictures live does not answer
    │   ├── StorageFull          no room left on it
    │   ├── DatabaseUnavailable  the database does not answer
    │   ├── WorkerLost           whoever computed a task went silent
    │   └── ServerFault          what nobody expected; the log has it under the request's id
    ├── EngineError              the engine could not do its work
    │   ├── EngineUnavailable    not running, not installed, or refusing connections
    │   │   ├── ServiceNotRunning    a service that people run themselves was not started (retryable)
    │   │   ├── ServiceTrouble       it says that something went wrong on its side (retryable)
    │   │   ├── EngineNotSetUp   an address or key is missing in the settings
    │   │   ├── KeyRefused       the service does not accept the key
    │   │   └── NotThatService   the address answers with another interface
    │   ├── EngineBusy           its queue is full (retryable)
    │   ├── EngineTimeout        no answer in time (retryable)
    │   ├── ContentRefused       a provider's safety filter said no
    │   │   └── PromptRefused    to a prompt, or to what was drawn of it
    │   ├── BatchFailed          a service gave a batch up
    │   │   ├── BatchExpired     or did not do it in time
    │   │   └── BatchGone        or knows nothing of it
    │   ├── ProviderCannot       what was asked for is nothing that it does
    │   ├── QuotaExceeded        the provider's quota is used up
    │   │   └── BudgetSpent      our own cap on what paid engines may cost a day
    │   ├── NotForCommerce       its licence forbids what this installation is used for
    │   ├── PoseNotRecognised    a service's own pose detection found nobody
    │   ├── OutOfGpuMemory       a service's graphics card is too small for this
    │   ├── AnswerLost           cut off while a paid service worked
    │   ├── EngineFailed         the service said that it failed (retryable)
    │   │   ├── PromptFailed     one prompt of a batch
    │   │   ├── EngineFailedSilently  it did not say why
    │   │   └── NoPicture        it answered, but not with a picture
    │   └── EngineFault          anything else; the log has the details
    ├── TaskFault                a task failed in a way nobody expected
    ├── PartsFailed              some of the tasks of a group failed
    └── Cancelled                the person asked for it to stop

Each has a ``code`` (stable, for programs), an HTTP ``status``, a sentence and a hint for people in every language we
speak, and says whether the same request may succeed later (``retryable``).
"""

from vtonlab.errors.accounts import BadDetail
from vtonlab.errors.base import LANGUAGES, Cancelled, Text, VtonError
from vtonlab.errors.engines import (
    AnswerLost,
    BatchExpired,
    BatchFailed,
    BatchGone,
    BudgetSpent,
    ContentRefused,
    EngineBusy,
    EngineError,
    EngineFailed,
    EngineFailedSilently,
    EngineFault,
    EngineNotSetUp,
    EngineTimeout,
    EngineUnavailable,
    KeyRefused,
    NoPicture,
    NotForCommerce,
    NotThatService,
    OutOfGpuMemory,
    PoseNotRecognised,
    PromptFailed,
    PromptRefused,
    ProviderCannot,
    QuotaExceeded,
    ServiceNotRunning,
    ServiceTrouble,
)
from vtonlab.errors.inputs import (
    AddressRefused,
    AddressTaken,
    BackupElsewhere,
    BackupNotUsable,
    BadInput,
    BadOption,
    BadSetting,
    DatabaseProblem,
    FetchFailed,
    FileProblem,
    GarmentNotUnderstood,
    ImageTooLarge,
    ImageTooSmall,
    ImageUnreadable,
    MaskNeeded,
    NoPersonFound,
    PoseNotSupported,
    UnknownEngine,
    WrongKind,
)
from vtonlab.errors.library import DownloadGone, NothingDone, PairingNeeded, UnknownCategory
from vtonlab.errors.requests import (
    PICTURE,
    AlreadyEnded,
    BadRequest,
    BodyTooLarge,
    Conflict,
    ForeignRequest,
    MalformedBody,
    MethodNotAllowed,
    NameTaken,
    NoRoomLeft,
    NotAllowed,
    NotThere,
    OthersData,
    PageNotFound,
    RequestRefused,
    SignInNeeded,
    TokenNotValid,
    TooManyRequests,
    TooSlow,
    WrongPassword,
)
from vtonlab.errors.services import (
    DatabaseUnavailable,
    PartsFailed,
    ServerFault,
    ServiceError,
    StorageFull,
    StorageUnavailable,
    TaskFault,
    WorkerLost,
)

__all__ = [
    "LANGUAGES",
    "PICTURE",
    "AddressRefused",
    "AddressTaken",
    "AlreadyEnded",
    "AnswerLost",
    "BackupElsewhere",
    "BackupNotUsable",
    "BadDetail",
    "BadInput",
    "BadOption",
    "BadRequest",
    "BadSetting",
    "BatchExpired",
    "BatchFailed",
    "BatchGone",
    "BodyTooLarge",
    "BudgetSpent",
    "Cancelled",
    "Conflict",
    "ContentRefused",
    "DatabaseProblem",
    "DatabaseUnavailable",
    "DownloadGone",
    "EngineBusy",
    "EngineError",
    "EngineFailed",
    "EngineFailedSilently",
    "EngineFault",
    "EngineNotSetUp",
    "EngineTimeout",
    "EngineUnavailable",
    "FetchFailed",
    "FileProblem",
    "ForeignRequest",
    "GarmentNotUnderstood",
    "ImageTooLarge",
    "ImageTooSmall",
    "ImageUnreadable",
    "KeyRefused",
    "MalformedBody",
    "MaskNeeded",
    "MethodNotAllowed",
    "NameTaken",
    "NoPersonFound",
    "NoPicture",
    "NoRoomLeft",
    "NotAllowed",
    "NotForCommerce",
    "NotThatService",
    "NotThere",
    "NothingDone",
    "OthersData",
    "OutOfGpuMemory",
    "PageNotFound",
    "PairingNeeded",
    "PartsFailed",
    "PoseNotRecognised",
    "PoseNotSupported",
    "PromptFailed",
    "PromptRefused",
    "ProviderCannot",
    "QuotaExceeded",
    "RequestRefused",
    "ServerFault",
    "ServiceError",
    "ServiceNotRunning",
    "ServiceTrouble",
    "SignInNeeded",
    "StorageFull",
    "StorageUnavailable",
    "TaskFault",
    "Text",
    "TokenNotValid",
    "TooManyRequests",
    "TooSlow",
    "UnknownCategory",
    "UnknownEngine",
    "VtonError",
    "WorkerLost",
    "WrongKind",
    "WrongPassword",
]
