"""The shell of the engine: processes and their versions, running instances, tasks, timers."""

from __future__ import annotations

from kniga.processes.models.acts import ActKind as ActKind
from kniga.processes.models.acts import ActRowStatus as ActRowStatus
from kniga.processes.models.acts import ActStatus as ActStatus
from kniga.processes.models.acts import BulkAct as BulkAct
from kniga.processes.models.acts import BulkActRow as BulkActRow
from kniga.processes.models.control import ControlMark as ControlMark
from kniga.processes.models.control import ControlWatch as ControlWatch
from kniga.processes.models.control import Deviation as Deviation
from kniga.processes.models.drafts import Draft as Draft
from kniga.processes.models.drafts import DraftPresence as DraftPresence
from kniga.processes.models.drafts import DraftSave as DraftSave
from kniga.processes.models.forms import WebForm as WebForm
from kniga.processes.models.forms import WebFormEntry as WebFormEntry
from kniga.processes.models.instances import Instance as Instance
from kniga.processes.models.instances import InstanceStatus as InstanceStatus
from kniga.processes.models.instances import Task as Task
from kniga.processes.models.instances import TaskStatus as TaskStatus
from kniga.processes.models.instances import Timer as Timer
from kniga.processes.models.instances import TimerStatus as TimerStatus
from kniga.processes.models.versions import Process as Process
from kniga.processes.models.versions import ProcessKind as ProcessKind
from kniga.processes.models.versions import ProcessVersion as ProcessVersion
from kniga.processes.models.versions import VersionStatus as VersionStatus
from kniga.processes.models.versions import VersionVerdict as VersionVerdict
from kniga.processes.models.waiting import KeptSignal as KeptSignal
from kniga.processes.models.waiting import Message as Message
from kniga.processes.models.waiting import MessageStatus as MessageStatus
from kniga.processes.models.waiting import ScheduledStart as ScheduledStart
from kniga.processes.models.waiting import Subscription as Subscription
from kniga.processes.models.waiting import SubscriptionStatus as SubscriptionStatus
from kniga.processes.models.waiting import Work as Work
from kniga.processes.models.waiting import WorkStatus as WorkStatus
