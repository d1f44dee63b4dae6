import sys,time
from collections import Counter
from gpb_pipeline_tests.simulation.history import History
first,last,n=map(int,sys.argv[1:4])
for seed in range(first,last):
    t=time.process_time(); w=time.time()
    h=History(seed=seed,cases=n)
    b=list(h.broken())
    print(seed,h.sis.nature,h.policy.on_edit,h.policy.everyone_else,round(time.process_time()-t,1),round(time.time()-w,1),len(b))
    for (k,c) in Counter((x.night,x.what) for x in b).most_common(12): print("   ",c,k,[x.case for x in b if (x.night,x.what)==k][:3])
