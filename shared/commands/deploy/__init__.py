"""`make deploy`: everything from an empty project to a service that was seen to work.

What is to be done is data (`steps`), made from the options alone (`plan`), and so it can be
printed as a shell script (`shell`) as well as run (`runner`).
"""
