from fault import Faults

fault = Faults("node", wide=True)
