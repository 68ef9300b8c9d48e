from setuptools import find_packages, setup

setup(
    name="notes",
    version="1.0",
    packages=find_packages(),
    python_requires=">=3.9",
    install_requires=["bottle>=0.13", "waitress>=3"],
)
