"""What every page and every answer rests on, without a word of the domain. From the outside in:

connections  uvicorn's protocol, with deadlines for slow clients and bounds for headers
trace        the request's id, its line in the log, its count and time
headers      what browsers are told on every answer
problems     every error becomes an answer that helps and gives nothing away
proxies      whose X-Forwarded-* count
gate         what stands between a route and its handler: host, rate, body, forgery, transaction, rights
routes       the registry, closed by default
request      what a handler is given
probes       /healthz, /readyz, /metrics
assembly     all of it put together
"""
