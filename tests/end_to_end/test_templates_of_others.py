"""What AWS's own linter says of the templates that we write."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.end_to_end.command import COMMAND
from tests.end_to_end.test_templates import names, shop
from tests.end_to_end.workplace import Workplace
from tests.support.project_tools import ProjectTool

__all__ = ["shop"]

pytestmark = pytest.mark.network

# As `sam init` begins one, with a layer, a queue, and a function in plain CloudFormation.
SAMPLE = """\
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Description: A shop

# More about Globals: the documentation of SAM
Globals:
  Function:
    Timeout: 3
    Runtime: python3.13
    Architectures: [arm64]

Resources:
  HelloFunction:
    Type: AWS::Serverless::Function # by SAM
    Properties:
      CodeUri: hello/
      Handler: app.handler
      Layers: [!Ref Dependencies]
      Environment:
        Variables:
          QUEUE: !Ref Queue
          NAME: !Sub "${AWS::StackName}-hello"
      Policies:
        - SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}
      Events:
        Hello:
          Type: Api
          Properties: {Path: /hello, Method: get}
  Dependencies:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: layer
      CompatibleRuntimes: [python3.13]
      CompatibleArchitectures: [arm64]
    Metadata: {BuildMethod: python3.13, BuildArchitecture: arm64}
  Nightly:
    Type: AWS::Lambda::Function
    Properties:
      Code: jobs
      Handler: jobs.handler
      Runtime: python3.13
      Role: !GetAtt Role.Arn
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}
  Queue:
    Type: AWS::SQS::Queue
Outputs:
  HelloApi:
    Value: !Sub "https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod/hello/"
"""


def test_a_packaged_template_is_valid(shop: Workplace, bucket: tuple[str, dict[str, str]], tmp_path: Path) -> None:
    name, credentials = bucket
    shop.write("template.yaml", SAMPLE)
    where = ("--index-url", shop.index.url, "--s3-uri", f"s3://{name}/{{name}}/{{sha256:12}}.zip")

    done = shop.run(*COMMAND, "pack", "--sam", "template.yaml", *where, extra=credentials)

    assert done.exit_code == 0, done.text
    packaged = (shop.folder / "template.packaged.yaml").read_text("utf-8")
    assert packaged.count('"Bucket": "code"') == 2
    assert packaged.count('"S3Bucket": "code"') == 1
    assert packaged.count('ersion": "') == 3, "the bucket has versions"
    assert "# More about Globals" in packaged
    linter = ProjectTool.ready("cfn-lint", tmp_path / "home")
    assert not linter("--regions", "eu-central-1", "--", "template.packaged.yaml", folder=shop.folder).strip()


def test_a_template_with_local_zips_is_what_sam_deploy_takes(shop: Workplace, tmp_path: Path) -> None:
    shop.write("template.yaml", SAMPLE)

    done = shop.run(*COMMAND, "pack", "--sam", "template.yaml", "--index-url", shop.index.url)

    assert done.exit_code == 0, done.text
    linter = ProjectTool.ready("cfn-lint", tmp_path / "home")
    assert not linter("--regions", "eu-central-1", "--", "template.packaged.yaml", folder=shop.folder).strip()


BUILT = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Plain:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: own, Runtime: RUNTIME, Handler: app.handler}
  Parents:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {ParentPackageMode: explicit, ParentPackages: a.b}}
    Properties: {CodeUri: own, Runtime: RUNTIME, Handler: a.b.app.handler}
  Layer:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: RUNTIME}
    Properties: {ContentUri: own, CompatibleRuntimes: [RUNTIME]}
  Skipped:
    Type: AWS::Serverless::Function
    Metadata: {SkipBuild: true}
    Properties: {CodeUri: own, Runtime: RUNTIME, Handler: app.handler}
"""
# What `sam build` leaves in, and we leave out (docs/own-code.md); and what it leaves out, and we do not.
ONLY_SAM, ONLY_OURS = {".envrc", ".env.local"}, {"native.so"}


def test_own_code_is_what_sam_build_packs(shop: Workplace, tmp_path: Path) -> None:
    runtime = "python{}.{}".format(*sys.version_info)
    shop.write("template.yaml", BUILT.replace("RUNTIME", runtime))
    for name in ("app.py", "lib/x.py", ".env", ".gitignore", ".python-version", "htmlcov/x", "data.json", ".hidden"):
        shop.write(f"own/{name}", "def handler(event, context): ...")
    for name in ONLY_SAM | ONLY_OURS:
        shop.write(f"own/{name}", "x")
    sam = ProjectTool.ready("sam", tmp_path / "home")
    sam("build", "--build-dir", "theirs", folder=shop.folder)

    done = shop.run(*COMMAND, "pack", "--sam", "template.yaml", "--index-url", shop.index.url)

    assert done.exit_code == 0, done.text
    theirs = {
        folder.name: {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        for folder in (shop.folder / "theirs").iterdir()
        if folder.is_dir()
    }
    ours = {path.name.split("-python")[0]: names(path) for path in (shop.folder / "dist").glob("*.zip")}
    assert ours.keys() == theirs.keys() == {"Plain", "Parents", "Layer"}
    for name, files in ours.items():
        below = {"Plain": "", "Parents": "a/b/", "Layer": "python/"}[name]
        assert files ^ theirs[name] == {f"{below}{file}" for file in ONLY_SAM | ONLY_OURS}
