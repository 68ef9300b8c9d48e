"""What the server answers with, as it comes: dictionaries whose keys are known. `/openapi.json` explains each field.

One file per resource, named as the server's own are (`api/schemas`).
"""

from shipway.client.models.applying import Applied, KeyChange, ServiceChange
from shipway.client.models.build import BaseImage, Build, BuildPage, Freed
from shipway.client.models.config import Config, Exposed, VarChange, VarChangePage
from shipway.client.models.deletion import Loss, LostVolume
from shipway.client.models.deployment import Cutover, Deployment, DeploymentPage, Failure, Guarded, Step, StepState
from shipway.client.models.explanation import Explanation, Health
from shipway.client.models.files import File, FileChange, FileContent, FilesChanged
from shipway.client.models.images import ImageFate
from shipway.client.models.logs import LogLine, StepText, Upload
from shipway.client.models.pipeline import Stage, Status
from shipway.client.models.plan import Capacity, ConfigChange, ImageOrigin, Move, Plan, ProcessChange
from shipway.client.models.registries import Registry
from shipway.client.models.release import Change, Difference, Release, ReleaseDetail
from shipway.client.models.run import Run, RunEnded
from shipway.client.models.secrets import Bindings, Secret, SecretUse, SecretVersion
from shipway.client.models.service import AutoDeploy, Copied, Instance, Restart, Scaled, Service, Traffic
from shipway.client.models.tenancy import Cloned, ClonedService, Environment, EnvironmentDetail, Project, Workspace
from shipway.client.models.token import NewToken, Token, WhoAmI
from shipway.client.models.triggers import Delivery, DeployUrl, NewDeployUrl, NewWebhook, Outcome, Webhook
from shipway.client.models.volume import Declared, Volume, Volumes

__all__ = [
    "Applied",
    "AutoDeploy",
    "BaseImage",
    "Bindings",
    "Build",
    "BuildPage",
    "Capacity",
    "Change",
    "Cloned",
    "ClonedService",
    "Config",
    "ConfigChange",
    "Copied",
    "Cutover",
    "Declared",
    "Delivery",
    "DeployUrl",
    "Deployment",
    "DeploymentPage",
    "Difference",
    "Environment",
    "EnvironmentDetail",
    "Explanation",
    "Exposed",
    "Failure",
    "File",
    "FileChange",
    "FileContent",
    "FilesChanged",
    "Freed",
    "Guarded",
    "Health",
    "ImageFate",
    "ImageOrigin",
    "Instance",
    "KeyChange",
    "LogLine",
    "Loss",
    "LostVolume",
    "Move",
    "NewDeployUrl",
    "NewToken",
    "NewWebhook",
    "Outcome",
    "Plan",
    "ProcessChange",
    "Project",
    "Registry",
    "Release",
    "ReleaseDetail",
    "Restart",
    "Run",
    "RunEnded",
    "Scaled",
    "Secret",
    "SecretUse",
    "SecretVersion",
    "Service",
    "ServiceChange",
    "Stage",
    "Status",
    "Step",
    "StepState",
    "StepText",
    "Token",
    "Traffic",
    "Upload",
    "VarChange",
    "VarChangePage",
    "Volume",
    "Volumes",
    "Webhook",
    "WhoAmI",
    "Workspace",
]
